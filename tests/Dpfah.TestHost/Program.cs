using Dpfah.Api.Hosting;
using Dpfah.TestHost;

if (args is [HungTraining.Verb, ..])
{
    return HungTraining.Run();
}

// The service with the constant-time encoder in place of the network: all else is the real thing.
return await ApiHost.RunAsync(args, HashEncoding.Add);
