kubectl set image pod/web web=nginx
