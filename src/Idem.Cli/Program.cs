return Idem.Cli.CliApp.Run(args);
