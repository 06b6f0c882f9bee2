kubectl label pod hello runs-on="$(kubectl get pod hello --output=jsonpath='{.spec.nodeName}')" --overwrite
