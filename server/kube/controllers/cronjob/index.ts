import { controller } from '../../client/controller-builder.ts'
import { CronJob } from '../../kinds/cron-job.ts'
import { Job } from '../../kinds/job.ts'
import { CronJobReconciler } from './cron-job-reconciler.ts'

export const cronJobController = controller('cronjob')
  .for(CronJob)
  .owns(Job)
  .reconcileWith((view) => new CronJobReconciler(view))
