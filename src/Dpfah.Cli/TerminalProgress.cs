using Spectre.Console;

namespace Dpfah.Cli;

/// <summary>A progress bar for each step of a longer work, on the error stream and only where a person sees it.</summary>
internal sealed class TerminalProgress : IProgress<(string Step, double Done)>
{
    private readonly Dictionary<string, ProgressTask> bars = [];
    private readonly Action<string> writeLine;
    private readonly ProgressContext? context;

    private TerminalProgress(Action<string> writeLine, ProgressContext? context)
    {
        this.writeLine = writeLine;
        this.context = context;
    }

    /// <summary>Whether a stream ends at a terminal.</summary>
    public static bool IsTerminal(TextWriter stream) => new AnsiConsoleOutput(stream).IsTerminal;

    /// <summary>Runs the work, with bars beside it when they are wanted and the stream is a terminal.</summary>
    public static Task<T> RunAsync<T>(TextWriter error, bool wanted, Func<TerminalProgress, Task<T>> work)
    {
        if (!wanted || !IsTerminal(error))
        {
            return work(new TerminalProgress(error.WriteLine, null));
        }

        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(error) });
        return console.Progress().AutoClear(true).StartAsync(context => work(new TerminalProgress(console.WriteLine, context)));
    }

    /// <summary>Writes a message, above the bars.</summary>
    public void WriteLine(string message) => writeLine(message);

    /// <inheritdoc/>
    public void Report((string Step, double Done) value)
    {
        if (context is null)
        {
            return;
        }

        lock (bars)
        {
            if (!bars.TryGetValue(value.Step, out ProgressTask? bar))
            {
                bar = context.AddTask(Markup.Escape(value.Step), maxValue: 1);
                bars.Add(value.Step, bar);
            }

            bar.Value = value.Done;
        }
    }
}
