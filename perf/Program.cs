using System.CommandLine;
using Pipeline.Perf.Scenarios;

var runs = new Option<int>("--runs") { Description = "Counted runs, after one that is not", DefaultValueFactory = _ => 5 };
var exposures = new Option<long>("--exposures") { Description = "Size of the log", DefaultValueFactory = _ => 2_000_000 };
var bootstrap = new Option<string>("--bootstrap") { Description = "A broker", Required = true };
var seconds = new Option<int>("--seconds") { Description = "How long the slow sink is watched", DefaultValueFactory = _ => 60 };

var file = new Command("file", "File → file: throughput, CPU and memory of the whole process; the samples are verified.") { runs, exposures };
file.SetAction((parsed, _) => FileToFile.RunAsync(parsed.GetValue(exposures), parsed.GetValue(runs)));
var kafka = new Command("kafka", "Kafka → Kafka, the same.") { runs, exposures, bootstrap };
kafka.SetAction((parsed, _) => KafkaToKafka.RunAsync(parsed.GetRequiredValue(bootstrap), parsed.GetValue(exposures), parsed.GetValue(runs)));
var slow = new Command("slow-sink", "A sink ten times slower than the sources: memory stays flat, nothing is lost.") { seconds };
slow.SetAction((parsed, _) => SlowSink.RunAsync(TimeSpan.FromSeconds(parsed.GetValue(seconds))));

return await new RootCommand("Measures the pipeline as a whole and checks what it measured.") { file, kafka, slow }.Parse(args).InvokeAsync();
