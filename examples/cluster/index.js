import cluster from 'node:cluster';

const WORKERS = Number(process.env.WORKERS ?? 2);
let isStopping = false;

if (cluster.isPrimary) {
  for (let i = 0; i < WORKERS; i += 1) cluster.fork();

  // A worker that died is replaced. The new one sends what the old one has left in the spool.
  cluster.on('exit', () => {
    if (!isStopping) cluster.fork();
  });

  process.once('SIGTERM', () => {
    isStopping = true;
    for (const worker of Object.values(cluster.workers)) worker.kill('SIGTERM');
  });
} else {
  await import('./worker.js');
}
