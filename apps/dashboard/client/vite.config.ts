import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
  build: {
    outDir: "../dist/public",
    emptyOutDir: true,
    // Every browser that runs the client preloads modules by itself.
    modulePreload: { polyfill: false },
    // The content security policy lets scripts and styles come from files alone.
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { "/api": "http://localhost:8080" } },
});
