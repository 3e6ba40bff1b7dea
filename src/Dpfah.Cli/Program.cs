namespace Dpfah.Cli;

/// <summary><c>dpfah</c>, the program for the terminal.</summary>
internal static class Program
{
    private static Task<int> Main(string[] arguments) => CommandLine.RunAsync(arguments, Console.Out, Console.Error, LearningServices.AddDpfahEncoding);
}
