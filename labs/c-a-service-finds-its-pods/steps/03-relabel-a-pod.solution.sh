kubectl label "$(kubectl get pods --selector=app=web --output=name | head -n 1)" app=aside --overwrite
