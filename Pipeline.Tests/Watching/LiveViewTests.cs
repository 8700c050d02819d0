using Pipeline.Reports;
using Pipeline.Tests.Configuration;
using Pipeline.Tests.EndToEnd;
using Pipeline.Tests.Fakes;
using Pipeline.Watching;
using Spectre.Console;

namespace Pipeline.Tests.Watching;

/// <summary><c>pipeline top</c> in a terminal that a test plays, over a job that really runs.</summary>
[TestClass]
public sealed class LiveViewTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly StringWriter _screen = new();

    public void Dispose()
    {
        _folder.Dispose();
        _screen.Dispose();
    }

    [TestMethod]
    public async Task Screen_IsDrawnAnewAtEachLook_UntilAQ()
    {
        await using LiveJob job = Start("drawn-anew", out Task<Uri> listening);
        var keys = new Keys(afterLooks: 5, ConsoleKey.X, ConsoleKey.UpArrow, ConsoleKey.Q);

        string? gone = await ShowAsync(await listening, keys, CancellationToken.None);

        Assert.IsNull(gone);
        Assert.AreEqual(0, keys.Left);
        Assert.IsGreaterThanOrEqualTo(5, _screen.ToString().Split("open windows").Length - 1, _screen.ToString());
        Assert.EndsWith("\u001b[?25h", _screen.ToString(), "the cursor is shown again");
    }

    [TestMethod]
    public async Task JobThatEnds_EndsTheView_WithTheReason()
    {
        LiveJob job = Start("ends", out Task<Uri> listening);
        var keys = new Keys(int.MaxValue);
        Task<string?> view = ShowAsync(await listening, keys, CancellationToken.None);
        await Eventually.Holds(() => keys.Looks > 1, "it is shown");
        await job.DisposeAsync();

        string? gone = await view.WaitAsync(TimeSpan.FromSeconds(60));

        Assert.IsNotNull(gone);
        Assert.IsNotEmpty(gone);
    }

    [TestMethod]
    public async Task Interrupt_EndsTheViewLikeAQ()
    {
        await using LiveJob job = Start("interrupted", out Task<Uri> listening);
        using var stop = new CancellationTokenSource();
        var keys = new Keys(afterLooks: 2, ConsoleKey.X) { Last = stop.Cancel };

        Assert.IsNull(await ShowAsync(await listening, keys, stop.Token));
    }

    [TestMethod]
    [DataRow(1)]
    [DataRow(9)]
    [DataRow(30)]
    [DataRow(80)]
    [DataRow(300)]
    public async Task TerminalOfAnyWidth_IsDrawnOn(int width)
    {
        await using LiveJob job = Start($"width-{width}", out Task<Uri> listening);

        Assert.IsNull(await ShowAsync(await listening, new Keys(afterLooks: 2, ConsoleKey.Q), CancellationToken.None, width));
    }

    private async Task<string?> ShowAsync(Uri address, Keys keys, CancellationToken stop, int width = 100)
    {
        IAnsiConsole terminal = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(_screen), Ansi = AnsiSupport.Yes, Interactive = InteractionSupport.Yes });
        (terminal.Profile.Width, terminal.Profile.Height) = (width, 24);
        // What compiles for the first answer may take longer than the view waits for it.
        using (var patient = new HttpClient { BaseAddress = address, DefaultRequestHeaders = { { "Accept", "application/json" } } })
            foreach (string page in (string[])["metrics", "health/ready"]) (await patient.GetAsync(new Uri(page, UriKind.Relative), stop)).Dispose();
        using var client = new RunClient(address, token: null);
        return await new LiveView(terminal, keys, client, TimeProvider.System).ShowAsync(LiveView.KeyInterval, stop);
    }

    private LiveJob Start(string meter, out Task<Uri> listening)
    {
        File.WriteAllText(_folder["exposure.jsonl"], "{\"user_id\":\"u1\",\"item_id\":\"i1\",\"ts\":1764064800000}\n");
        File.WriteAllText(_folder["click.jsonl"], "");
        File.WriteAllText(_folder["job.yaml"], JobText.Small);
        var listens = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        listening = listens.Task.WaitAsync(TimeSpan.FromSeconds(60));
        return new LiveJob(_folder["job.yaml"], reports: new ReportSettings { Http = new HttpSettings("127.0.0.1", 0, null), MeterName = meter, Listening = listens.SetResult });
    }

    /// <summary>Presses keys, all at once, when the view has looked for one so often.</summary>
    private sealed class Keys(int afterLooks, params ConsoleKey[] keys) : IAnsiConsoleInput
    {
        private int _looks;
        private int _next;

        public int Looks => Volatile.Read(ref _looks);

        public int Left => keys.Length - _next;

        public Action? Last { get; init; }

        public bool IsKeyAvailable() => (_next > 0 || ++_looks >= afterLooks) && Left > 0;

        public ConsoleKeyInfo? ReadKey(bool intercept)
        {
            ConsoleKey key = keys[_next++];
            if (Left == 0) Last?.Invoke();
            return new ConsoleKeyInfo('\0', key, shift: false, alt: false, control: false);
        }

        public Task<ConsoleKeyInfo?> ReadKeyAsync(bool intercept, CancellationToken cancellationToken) => Task.FromResult(ReadKey(intercept));
    }
}
