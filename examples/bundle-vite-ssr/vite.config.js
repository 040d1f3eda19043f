import { defineConfig } from 'vite';

export default defineConfig({
  build: { ssr: 'src/app.js' },
  // Everything into the bundle. Leave it out if `node_modules` is deployed too.
  ssr: { noExternal: true },
});
