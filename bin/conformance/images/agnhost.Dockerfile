# What upstream's tests call and ask; the programs around it come from our own image of tools.
ARG BASE
FROM $BASE
COPY agnhost /agnhost
COPY porter/localhost.crt porter/localhost.key /
RUN ln -s agnhost /agnhost-2 && mkdir /uploads
EXPOSE 80 8080 8081 9376
ENTRYPOINT ["/agnhost"]
CMD ["pause"]
