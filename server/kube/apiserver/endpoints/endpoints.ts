// What endpoints work with: one of each, made when the server is put together.

import type { Metrics } from '../../../base/metrics.ts'
import type { Schemas } from '../../schemas/schemas.ts'
import type { Store } from '../../store/store.ts'
import type { Admission } from '../admission/admission.ts'
import type { Aggregation } from '../aggregation/aggregated-request.ts'
import type { Authentication } from '../authentication/authenticate.ts'
import type { ServiceAccountTokens } from '../authentication/service-account-tokens.ts'
import type { Authorization } from '../authorization/index.ts'
import type { FlowControl } from '../flow-control/flow-control.ts'
import type { Profiles } from '../profiling/profiles.ts'
import type { ResourceMetrics } from '../resource-metrics/resource-metrics.ts'
import type { StoreFeed } from '../watch-cache/store-feed.ts'
import type { ApiResources } from './api-resources.ts'
import type { ComponentProblems } from './component-status.ts'
import type { FieldManagers } from './field-managers.ts'
import type { Flags } from './flagz.ts'
import type { Health } from './health.ts'
import type { LoopsElsewhere } from './loops-elsewhere.ts'
import type { ServedDocuments } from './served-documents.ts'
import type { Statusz } from './statusz.ts'
import type { WatchBudget } from './watch-budget.ts'

export interface Endpoints {
  resources: ApiResources
  aggregation: Aggregation
  documents: ServedDocuments
  schemas: Schemas
  admission: Admission
  fieldManagers: FieldManagers
  authentication: Authentication
  authorization: Authorization
  tokens: ServiceAccountTokens
  feed: StoreFeed
  store: Store
  trace: LoopsElsewhere
  metrics: Metrics
  resourceMetrics: ResourceMetrics
  flowControl: FlowControl
  health: Health
  components: ComponentProblems
  profiles: Profiles
  statusz: Statusz
  /** Told at `/flagz`. */
  flags: Flags
  watchBudget: WatchBudget
}
