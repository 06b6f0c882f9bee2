kubectl label pods --selector=app=front tier=front --overwrite
kubectl label pods --selector=app=cart tier=back --overwrite
