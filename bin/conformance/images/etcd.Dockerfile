# What that example keeps its objects in.
ARG BASE
FROM $BASE
COPY etcd/usr/bin/etcd /usr/local/bin/etcd
