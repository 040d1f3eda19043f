// Prints a page for docs/metrics-and-health.md: `npx tsx spec/observe/print-page.ts`.
import { runServiceUnderLoad } from './service-under-load.ts';

console.log((await runServiceUnderLoad()).atEnd);
