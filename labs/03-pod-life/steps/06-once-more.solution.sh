kubectl run report --image=busybox --restart=OnFailure -- date
