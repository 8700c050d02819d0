using Pipeline.Blocks.Flow;
using Pipeline.Commands;
using Pipeline.Hosting;

CrashPoint.Arm(Environment.GetEnvironmentVariable(CrashPoint.Variable));
NativeMemory.Keep();
ComputeThreads.Arm(Environment.GetEnvironmentVariable(ComputeThreads.Variable));
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
