// The front door of wing 4, for main.ts and the command line.

export { type Entrance, entrance } from './accounts/entrance.ts'
export { createToken, linkTo } from './accounts/links.ts'
export { newLink } from './accounts/new-link.ts'
export { claimStateDir, runningServer } from './accounts/server-record.ts'
export { type Classroom, openClassroom } from './classroom.ts'
export { copyDatabase } from './database/copy-database.ts'
export { MigrationError } from './database/migrate.ts'
export { missingImages } from './labs/missing-images.ts'
export { findMachines } from './sandboxes/find-machines.ts'
export { listen, type PageHandler, portOf, serveClassroom } from './server.ts'
export { containerShells } from './terminals/container-shells.ts'
export { noShells } from './terminals/shell.ts'
