using Pipeline.Blocks.Flow;
using Pipeline.Commands;
using Pipeline.Hosting;

CrashPoint.Arm(Environment.GetEnvironmentVariable(CrashPoint.Variable));
NativeMemory.Keep();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
