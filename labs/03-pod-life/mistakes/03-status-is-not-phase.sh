# Step: 3
# Needs: containers
# Types: phase = CrashLoopBackOff
# Says: `CrashLoopBackOff` is not a phase; there are only five.
kubectl run crash --image=busybox -- sh -c 'exit 1'
