using Dpfah.Api.Hosting;
using Dpfah.Cli;
using Dpfah.Engine.Decoding;
using Dpfah.TestHost;
using Microsoft.Extensions.DependencyInjection;

if (args is [HungTraining.Verb, ..])
{
    return HungTraining.Run();
}

if (args is [DecoderLoop.Verb, ..])
{
    if (args is [.., MortalPreviewMaker.BrokenArgument, string path] && File.Exists(path))
    {
        return 3;
    }

    if (args.Contains(MortalPreviewMaker.HungArgument))
    {
        Thread.Sleep(Timeout.Infinite);
    }

    DecoderProcess.Run(args[1..], previews => new MortalPreviewMaker(previews, args.Contains(MortalPreviewMaker.Argument)));
}

// The service with the constant-time encoder in place of the network: all else is the real thing.
return await ApiHost.RunAsync(
    args,
    (services, options) =>
    {
        HashEncoding.Add(services, options);
        services.AddSingleton(MortalPreviewMaker.Program(typeof(HashEncoding).Assembly.Location, MortalPreviewMaker.IsAsked));
    });
