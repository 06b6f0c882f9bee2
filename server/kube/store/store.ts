// The door of this room. Of the components only the API server holds a store; cluster/ opens it and hands it over.

export { type OpenStoreOptions, openStore, type RestoreStoreOptions, restoreStore } from './open-store.ts'
export { type Repaired, repairStore } from './repair.ts'
export * from './store-error.ts'
export type * from './store-interface.ts'
