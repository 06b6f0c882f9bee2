export type { MakePlugin } from './own-plugin.ts'
export { runScheduler } from './scheduler.ts'
export { readSchedulerConfiguration, type SchedulerConfiguration } from './scheduler-configuration.ts'
