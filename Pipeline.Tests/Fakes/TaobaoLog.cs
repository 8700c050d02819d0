using System.Diagnostics;

namespace Pipeline.Tests.Fakes;

/// <summary>The real public log that lies beside the repository.</summary>
internal static class TaobaoLog
{
    /// <summary>Unpacks <c>../shared/data/taobao/LOG.csv.xz</c> from beside the repository.</summary>
    public static string Unpack(string log, string folder)
    {
        string packed = Path.Combine(SharedLogs(), log + ".csv.xz");
        string target = Path.Combine(folder, log + ".csv");
        const string Python = "import lzma,sys; sys.stdout.buffer.write(lzma.open(sys.argv[1]).read())";
        if (!Unpack("xz", ["-dc", packed], target) && !Unpack("python3", ["-c", Python, packed], target)) Missing("neither xz nor python3 is there to unpack it");
        return target;
    }

    private static bool Unpack(string program, string[] arguments, string target)
    {
        try
        {
            using Process process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true })!;
            using (FileStream file = File.Create(target)) process.StandardOutput.BaseStream.CopyTo(file);
            process.WaitForExit();
            return process.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    private static string SharedLogs()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string logs = Path.Combine(folder.FullName, "shared", "data", "taobao");
            if (Directory.Exists(logs)) return logs;
        }
        Missing("shared/data/taobao is not beside the repository");
        return "";
    }

    private static void Missing(string reason)
    {
        if (Environment.GetEnvironmentVariable("CI") == "true") Assert.Fail($"The Taobao log cannot be read: {reason}.");
        Assert.Inconclusive($"The Taobao log cannot be read: {reason}.");
    }
}
