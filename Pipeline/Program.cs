using System.CommandLine;
using Pipeline.Commands;

return new RootCommand("Joins exposure and action logs into labelled samples.") { GenerateCommand.Create(), VerifyCommand.Create() }.Parse(args).Invoke();
