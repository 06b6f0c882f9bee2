// Bounds that several of the kubelet's histograms share. Upstream: prometheus.DefBuckets, pkg/kubelet/metrics/metrics.go.

export const USUAL_BOUNDS: readonly number[] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10]

export const STARTUP_BOUNDS: readonly number[] = [
  0.5, 1, 2, 3, 4, 5, 6, 8, 10, 20, 30, 45, 60, 120, 180, 240, 300, 360, 480, 600, 900, 1200, 1800, 2700, 3600,
]
