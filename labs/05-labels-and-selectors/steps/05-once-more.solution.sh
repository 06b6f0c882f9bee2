kubectl label pods front-2 cart-1 release=canary --overwrite
kubectl label pods front-1 front-test release=stable --overwrite
