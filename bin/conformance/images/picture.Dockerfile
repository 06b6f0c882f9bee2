# Says which of two pictures it would show: the update demo looks for the name.
ARG BASE
FROM $BASE
ARG PICTURE
RUN mkdir -p /www && echo "{\"image\": \"$PICTURE.jpg\"}" > /www/data.json
CMD ["httpd", "-f", "-p", "80", "-h", "/www"]
