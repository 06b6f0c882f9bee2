kubectl patch service bill --patch='{"spec":{"selector":{"app":"bill"},"ports":[{"port":80,"targetPort":"web"}]}}'
