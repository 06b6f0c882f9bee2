kubectl annotate pod client called="$(kubectl get service web --output=jsonpath='{.spec.clusterIP}')" --overwrite
