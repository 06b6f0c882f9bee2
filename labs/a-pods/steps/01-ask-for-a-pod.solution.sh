kubectl run hello --image=nginx
