#!/usr/bin/env pwsh
<#
.SYNOPSIS
Builds, tests, runs, measures and publishes the pipeline.

.DESCRIPTION
  ./run.ps1 build                       build everything
  ./run.ps1 test                        build and run every test
  ./run.ps1 run JOB.yaml [--until-end]  run a job
  ./run.ps1 demo [--seconds 20]         show the product without any server
  ./run.ps1 perf SCENARIO               measure: perf/README.md names the scenarios
  ./run.ps1 chaos [-Kills 1000]         kill the program again and again; each sample must be there once
  ./run.ps1 kafka start|stop            a broker on 127.0.0.1:9092 with its data in artifacts/kafka
  ./run.ps1 publish                     artifacts/publish/linux-x64

-ParseParallelism, -Lanes, -FormatParallelism, -BlockCapacity and -BatchRecords go to run, and to perf file and perf kafka, as the
executable's flags, -Kills goes to chaos.
Everything else is passed on as it stands (write flags with two dashes), and the exit code is that of the program called.

PIPELINE_DOTNET names another dotnet. kafka uses KAFKA_HOME (a Kafka distribution), else shared/servers/kafka beside the repository.
Nothing needs this script: each verb is one command line, which README.md names.
#>
[CmdletBinding(PositionalBinding = $false)]
param(
    [Parameter(Position = 0)] [string] $Verb = 'help',
    [int] $ParseParallelism,
    [int] $Lanes,
    [int] $FormatParallelism,
    [int] $BlockCapacity,
    [int] $BatchRecords,
    [int] $Kills,
    [Parameter(ValueFromRemainingArguments)] [string[]] $Arguments = @()
)

# Only the language, native calls and .NET: the script also runs in a host without PowerShell's command modules.
$ErrorActionPreference = 'Stop'
$Usage = 64
$Root = $PSScriptRoot
$Dotnet = [Environment]::GetEnvironmentVariable('PIPELINE_DOTNET')
if (-not $Dotnet) { $Dotnet = 'dotnet' }

function Fail([string] $message) {
    [Console]::Error.WriteLine("run.ps1: $message")
    exit $Usage
}

# The parameters that were given, as flags of the executable.
$Tuning = @()
foreach ($flag in @(
        @('ParseParallelism', '--parse-parallelism'), @('Lanes', '--lanes'), @('FormatParallelism', '--format-parallelism'),
        @('BlockCapacity', '--block-capacity'), @('BatchRecords', '--batch-records'))) {
    if ($PSBoundParameters.ContainsKey($flag[0])) { $Tuning += @($flag[1], [string] $PSBoundParameters[$flag[0]]) }
}
if ($Tuning.Count -gt 0 -and $Verb -notin @('run', 'perf')) { Fail "$($Tuning[0]) is for run and perf, not for $Verb" }
$Chaos = @()
if ($PSBoundParameters.ContainsKey('Kills')) {
    if ($Verb -ne 'chaos') { Fail "-Kills is for chaos, not for $Verb" }
    $Chaos = @('--kills', [string] $Kills)
}

# Runs dotnet in the repository, where global.json chooses the SDK and the test runner.
function Invoke-InRepository {
    $path = $ExecutionContext.SessionState.Path
    $path.PushCurrentLocation('run.ps1')
    try {
        $null = $path.SetLocation($Root)
        & $Dotnet @args
    }
    finally {
        $null = $path.PopLocation('run.ps1')
    }
}

# One broker of a Kafka distribution: formatted at its first start, its process id kept for the stop.
function Start-Distribution([string] $bin, [string] $data) {
    $properties = [IO.Path]::Combine($data, 'server.properties')
    $log = [IO.Path]::Combine($data, 'data')
    $null = [IO.Directory]::CreateDirectory($data)
    [IO.File]::WriteAllLines($properties, [string[]] @(
            'process.roles=broker,controller', 'node.id=1', 'controller.quorum.voters=1@127.0.0.1:9592',
            'listeners=PLAINTEXT://127.0.0.1:9092,CONTROLLER://127.0.0.1:9592', 'controller.listener.names=CONTROLLER',
            'inter.broker.listener.name=PLAINTEXT', "log.dirs=$log", 'num.partitions=4', 'offsets.topic.replication.factor=1',
            'transaction.state.log.replication.factor=1', 'transaction.state.log.min.isr=1',
            'share.coordinator.state.topic.replication.factor=1', 'group.initial.rebalance.delay.ms=0'))
    if (-not [IO.Directory]::Exists($log)) {
        & ([IO.Path]::Combine($bin, 'kafka-storage.sh')) format -t MkU3OEVBNTcwNTJENDM2Qg -c $properties
        if ($LASTEXITCODE -ne 0) { return }
    }
    & bash -c 'nohup "$1" "$2" >"$3/console.log" 2>&1 </dev/null & echo $! >"$3/broker.pid"; echo bootstrap=127.0.0.1:9092' bash `
        ([IO.Path]::Combine($bin, 'kafka-server-start.sh')) $properties $data
}

function Stop-Distribution([string] $data) {
    & bash -c 'kill "$(cat "$1/broker.pid")" && rm "$1/broker.pid"' bash $data
}

function Invoke-Kafka([string] $action, [string[]] $more) {
    if ($action -notin @('start', 'stop')) { Fail "kafka takes start or stop, found '$action'" }
    $data = [IO.Path]::Combine($Root, 'artifacts', 'kafka')
    $distribution = [Environment]::GetEnvironmentVariable('KAFKA_HOME')
    $shared = [IO.Path]::GetFullPath([IO.Path]::Combine($Root, '..', 'shared', 'servers', 'kafka'))
    if ($distribution) {
        if ($action -eq 'start') { Start-Distribution ([IO.Path]::Combine($distribution, 'bin')) $data } else { Stop-Distribution $data }
    }
    elseif (-not [IO.File]::Exists([IO.Path]::Combine($shared, 'start.sh'))) {
        Fail "no Kafka: set KAFKA_HOME to a Kafka distribution, or put $shared beside the repository"
    }
    elseif ($action -eq 'start') {
        & bash ([IO.Path]::Combine($shared, 'start.sh')) --dir $data --port 9092 @more
        # One random cluster id in 64 begins with a dash, which Kafka refuses; a folder that keeps it would never start.
        $formatted = [IO.File]::Exists([IO.Path]::Combine($data, 'node-1', 'data', 'meta.properties'))
        if ($LASTEXITCODE -ne 0 -and -not $formatted -and [IO.Directory]::Exists($data)) { [IO.Directory]::Delete($data, $true) }
    }
    else { & bash ([IO.Path]::Combine($shared, 'stop.sh')) $data @more }
}

function Publish-Executable([string[]] $more) {
    $runtime = 'linux-x64'
    $target = [IO.Path]::Combine($Root, 'artifacts', 'publish', $runtime)
    Invoke-InRepository publish Pipeline -c Release -r $runtime --self-contained -o $target @more
    if ($LASTEXITCODE -eq 0) { return }
    [Console]::Error.WriteLine('run.ps1: no self-contained build (the runtime pack could not be restored?); publishing one that needs .NET 10 installed')
    Invoke-InRepository publish Pipeline -c Release -r $runtime --no-self-contained -o $target @more
}

switch ($Verb) {
    'build' { Invoke-InRepository build Pipeline.sln -c Release @Arguments }
    'test' { Invoke-InRepository test --solution Pipeline.sln -c Release @Arguments }
    'run' {
        if ($Arguments.Count -eq 0) { Fail 'run takes a job file: ./run.ps1 run JOB.yaml' }
        & $Dotnet run -c Release --project ([IO.Path]::Combine($Root, 'Pipeline')) '--' run @Arguments @Tuning
    }
    'demo' { & $Dotnet run -c Release --project ([IO.Path]::Combine($Root, 'Pipeline')) '--' demo @Arguments }
    'perf' { Invoke-InRepository run -c Release --project perf '--' @Arguments @Tuning }
    'chaos' { Invoke-InRepository run -c Release --project perf '--' chaos @Arguments @Chaos }
    'publish' { Publish-Executable $Arguments }
    'kafka' {
        $action, $more = $Arguments
        Invoke-Kafka $action $more
    }
    'help' {
        [Console]::Out.WriteLine('./run.ps1 build | test | run JOB.yaml | demo | perf | chaos | kafka start|stop | publish; more at the top of the script')
        exit 0
    }
    default { Fail "'$Verb' is no verb; there are build, test, run, demo, perf, chaos, kafka and publish" }
}
exit $LASTEXITCODE
