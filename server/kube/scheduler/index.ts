export { type RunningScheduler, runScheduler, type SchedulerOptions } from './scheduler.ts'
