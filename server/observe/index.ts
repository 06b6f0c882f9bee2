// The front door of wing 3, the see-through. It reads clusters, and never steers them except by the gates of their loops.

export type { AccessHolder, AccessPush, AccessQuestion, AccessVerdict } from './access-feed.ts'
export { ClusterObserver } from './cluster-observer.ts'
export type {
  NetworkMachine,
  NetworkMoment,
  NetworkPod,
  NetworkPush,
  NetworkService,
  Place,
  SeenConnection,
} from './network/network-push.ts'
export { selectsNobody, targetPortOf } from './network/service-path.ts'
export type { TerminalCall } from './network/trace/request-tracing.ts'
export type { TracedRequest, TraceHop, TraceQuestion } from './network/trace/traced-request.ts'
export type { ObjectsPush, SelectedPush } from './object-feed.ts'
export type { ClusterHistory, PastMoment } from './past.ts'
export { nodeIsReady, nodeIsSimulated, type PictureNode, type PicturePod, type PicturePush } from './picture-push.ts'
export type { SeenObject } from './seen-object.ts'
