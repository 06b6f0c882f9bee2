kubectl set image deployment/store nginx=nginx:1.26
