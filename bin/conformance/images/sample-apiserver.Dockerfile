# Upstream's example of a server behind an APIService.
ARG BASE
FROM $BASE
COPY sample-apiserver /kube-sample-apiserver
ENTRYPOINT ["/kube-sample-apiserver"]
