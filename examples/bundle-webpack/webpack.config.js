import { fileURLToPath } from 'node:url';

export default {
  mode: 'production',
  target: 'node20',
  entry: './src/app.js',
  output: { path: fileURLToPath(new URL('dist', import.meta.url)), filename: 'app.cjs' },
};
