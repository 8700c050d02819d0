using Pipeline.Blocks.Flow;
using Pipeline.Commands;
using Pipeline.Hosting;

CrashPoint.Arm(Environment.GetEnvironmentVariable(CrashPoint.Variable));
NativeMemory.Keep();
if (ComputeThreads.Arm(Environment.GetEnvironmentVariable(ComputeThreads.Variable)) is { } mistake)
{
    await Console.Error.WriteLineAsync(mistake);
    return ExitCodes.Usage;
}
return await CommandLine.RunAsync(args, Console.Out, Console.Error);
