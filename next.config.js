// How Next builds the pages. Types are checked by `npm run typecheck` over the whole repository, not a second time here,
// and with a tsconfig of the pages' own, so that a build never rewrites the one that everything shares.

/** @type {import('next').NextConfig} */
export default {
  turbopack: { root: import.meta.dirname },
  typescript: { ignoreBuildErrors: true, tsconfigPath: 'app/tsconfig.json' },
  poweredByHeader: false,
  devIndicators: false,
  // Only pages and their parts come this way; what streams goes over sockets (server/classroom/server.ts).
  compress: true,
}
