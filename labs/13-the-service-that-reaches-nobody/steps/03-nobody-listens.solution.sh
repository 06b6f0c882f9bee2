kubectl patch service shop --patch='{"spec":{"ports":[{"port":80,"targetPort":8080}]}}'
