import json, resource, sys, time
from pathlib import Path
import evalkit
from evalkit.api import Silence

class Watch(Silence):
    def __init__(self): self.seconds={}
    def job_end(self, job, seconds, failure):
        self.seconds[job.label]=seconds
        if failure: print(failure)
t=time.perf_counter()
w=Watch()
run=evalkit.run(sys.argv[1], modules=["benchmarks.instant"], output_dir=sys.argv[2], fresh=True, observer=w)
whole=time.perf_counter()-t
print(json.dumps({"seconds":w.seconds,"whole":whole,"peak_kb":resource.getrusage(resource.RUSAGE_SELF).ru_maxrss}))
