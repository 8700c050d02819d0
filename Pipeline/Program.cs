using Pipeline.Blocks.Flow;
using Pipeline.Commands;
using Pipeline.Hosting;

CrashPoint.Arm(Environment.GetEnvironmentVariable(CrashPoint.Variable));
NativeMemory.Keep();
if (Environment.GetEnvironmentVariable("HP") != "0") HugePages.Advise();
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
