using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Dpfah.FunctionalTests.Hosting;

/// <summary>Keeps what a service in this process logs.</summary>
internal sealed class LogCollector : ILoggerProvider
{
    private readonly ConcurrentQueue<string> lines = new();

    /// <summary>Everything logged so far.</summary>
    public string Text => string.Join('\n', lines);

    /// <summary>Errors logged so far.</summary>
    public string Errors => string.Join('\n', lines.Where(line => line.StartsWith(nameof(LogLevel.Error), StringComparison.Ordinal)));

    public ILogger CreateLogger(string categoryName) => new Logger(categoryName, lines);

    public void Dispose()
    {
    }

    private sealed class Logger(string category, ConcurrentQueue<string> lines) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            lines.Enqueue($"{logLevel} {category}: {formatter(state, exception)} {exception}");
    }
}
