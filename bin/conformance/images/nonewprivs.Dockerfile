# A program of root's that keeps root's rights whoever starts it, unless that is forbidden.
ARG BASE
FROM $BASE
COPY nonewprivs /usr/local/bin/nnp
RUN chmod +s /usr/local/bin/nnp
ENTRYPOINT ["/usr/local/bin/nnp"]
