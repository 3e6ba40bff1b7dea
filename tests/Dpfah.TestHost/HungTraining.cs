using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text.Json;

namespace Dpfah.TestHost;

/// <summary>
/// Takes the place of <c>dpfah train</c>: reports as that does, then hangs in the stage that its model is named after, whether its
/// standard input is closed or it is asked to end by a signal. A model of another name is there at once.
/// </summary>
internal static class HungTraining
{
    /// <summary>The verb.</summary>
    public const string Verb = "train";

    /// <summary>Name of a model that hangs while it is trained.</summary>
    public const string InTraining = "hangs-in-training";

    /// <summary>Name of a model that hangs while it is measured.</summary>
    public const string InMeasuring = "hangs-in-measuring";

    // Should nobody end it, it does not stay for ever.
    private static readonly TimeSpan Longest = TimeSpan.FromMinutes(3);

    /// <summary>Runs in the folder of a training.</summary>
    public static int Run()
    {
        PosixSignal[] signals = [PosixSignal.SIGTERM, PosixSignal.SIGINT, PosixSignal.SIGHUP];
        PosixSignalRegistration[] deaf = [.. signals.Select(signal => PosixSignalRegistration.Create(signal, context => context.Cancel = true))];
        using JsonDocument run = JsonDocument.Parse(File.ReadAllText("run.json"));
        string name = run.RootElement.GetProperty("name").GetString()!;
        Tell("""{"state":"loading"}""");
        Tell("""{"state":"training"}""");
        Tell("""{"progress":{"epoch":1,"epochs":3,"pictures":20,"picturesDone":8}}""");
        HangIn(InTraining, name);
        Tell("""{"state":"measuring"}""");
        HangIn(InMeasuring, name);

        // A model of the right form, with something that was measured.
        Directory.CreateDirectory("model");
        foreach (string file in (string[])["backbone.safetensors", "head.safetensors"])
        {
            File.Copy(Path.Combine(AppContext.BaseDirectory, "models", "dpfah-fashion-mnist-64", file), Path.Combine("model", file));
        }

        Directory.CreateDirectory("result");
        File.WriteAllText(Path.Combine("result", "result.json"), """{"digest":"d","metrics":{"map":0.5},"counts":{},"epochs":[],"warnings":[]}""");
        Array.ForEach(deaf, registration => registration.Dispose());
        return 0;
    }

    private static void HangIn(string stage, string name)
    {
        if (name == stage)
        {
            // A process of its own, such as some library may have.
            using Process? child = Process.Start("sleep", ((int)Longest.TotalSeconds).ToString(System.Globalization.CultureInfo.InvariantCulture));
            Thread.Sleep(Longest);
        }
    }

    private static void Tell(string line)
    {
        Console.Out.WriteLine(line);
        Console.Out.Flush();
    }
}
