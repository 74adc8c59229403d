import type { NextConfig } from "next";

const isDevelopment = process.env.NODE_ENV === "development";

/** Where `next dev` finds the server; the export is served by the server itself, from one origin. */
const server = process.env.ROLLDECK_SERVER ?? "http://127.0.0.1:8000";

const config: NextConfig = {
  trailingSlash: true,
  reactStrictMode: true,
  poweredByHeader: false,
  turbopack: { root: import.meta.dirname },
  typescript: { ignoreBuildErrors: true }, // `npm run typecheck` checks them; checking twice doubles the build's time
  experimental: {
    turbopackFileSystemCacheForBuild: false, // 10 s of writing for a build that is seldom made twice
  },
  ...(isDevelopment
    ? {
        skipTrailingSlashRedirect: true,
        rewrites: async () => [
          { source: "/api/:path*", destination: `${server}/api/:path*` },
          { source: "/health", destination: `${server}/health` },
        ],
      }
    : { output: "export" }),
};

export default config;
