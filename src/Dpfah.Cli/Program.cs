using Dpfah.Engine.Decoding;

namespace Dpfah.Cli;

/// <summary><c>dpfah</c>, the program for the terminal.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments)
    {
        // For the service, not for people: it waits for no parser of commands.
        if (arguments is [DecoderLoop.Verb, .. string[] rest])
        {
            DecoderProcess.Run(rest);
        }

        return CommandLine.RunAsync(arguments, Console.Out, Console.Error, LearningServices.AddDpfahEncoding);
    }
}
