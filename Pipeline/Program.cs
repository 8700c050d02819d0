using Pipeline.Blocks.Flow;
using Pipeline.Commands;

CrashPoint.Arm(Environment.GetEnvironmentVariable(CrashPoint.Variable));
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
