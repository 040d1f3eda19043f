// docs/grafana-dashboard.png: the panels of docs/grafana-dashboard.json, with what a real Prometheus has scraped in two minutes
// with an outage. npm run docs:dashboard; needs the programs `prometheus` and `chromium`.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { pageOf, SIZE } from './page.ts';
import { readPanels, timesOf } from './panels.ts';
import { scrapedRun } from './scraped-run.ts';

const PICTURE = fileURLToPath(new URL('../../docs/grafana-dashboard.png', import.meta.url));
const MAX_BYTES = 150_000;

const directory = mkdtempSync(join(tmpdir(), 'winston-kafkajs-dashboard-'));
try {
  const page = join(directory, 'page.html');
  writeFileSync(
    page,
    await scrapedRun(directory, async (prometheus) =>
      pageOf(await readPanels(prometheus), timesOf(prometheus)),
    ),
  );
  const flags = [
    ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
    ...[
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--hide-scrollbars',
    ],
    `--user-data-dir=${join(directory, 'chromium')}`,
    `--window-size=${SIZE.width},${SIZE.height}`,
    `--screenshot=${PICTURE}`,
  ];
  execFileSync('chromium', [...flags, pathToFileURL(page).href], { stdio: 'ignore' });
  const { size } = statSync(PICTURE);
  if (size > MAX_BYTES) throw new Error(`The picture has ${size} bytes, which is more than ${MAX_BYTES}`);
} finally {
  rmSync(directory, { recursive: true, force: true });
}
