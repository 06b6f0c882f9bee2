kubectl expose deployment hello --name=hello-all --port=8080 --cluster-ip=None
