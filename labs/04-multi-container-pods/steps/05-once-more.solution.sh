cat > site.yaml <<'EOF'
apiVersion: v1
kind: Pod
metadata:
  name: site
spec:
  terminationGracePeriodSeconds: 2
  volumes:
    - name: html
      emptyDir: {}
  initContainers:
    - name: web
      image: nginx
      restartPolicy: Always
      volumeMounts:
        - name: html
          mountPath: /usr/share/nginx/html
      readinessProbe:
        httpGet:
          path: /index.html
          port: 80
        periodSeconds: 2
  containers:
    - name: main
      image: busybox
      command: [sh, -c, 'while true; do date > /html/index.html; sleep 1; done']
      volumeMounts:
        - name: html
          mountPath: /html
EOF
kubectl apply --filename=site.yaml
