// Most tests wait, for child processes, brokers and files, so more run at a time than there are cores. A test that measures what the whole process does
// (allocations), changes what is the process's (environment variables, the error writer), stalls a broker that others use or depends on a time of the clock
// that load would move is marked DoNotParallelize: such tests run alone, behind the others.
[assembly: Parallelize(Workers = 6, Scope = ExecutionScope.MethodLevel)]
