// Prints a page for the README: `npx tsx spec/observe/print-page.ts`.
import { runServiceUnderLoad } from './service-under-load.ts';

console.log((await runServiceUnderLoad()).atEnd);
